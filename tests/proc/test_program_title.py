"""Titles of processes, from arguments as people and programs write them."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.proc.program_title import title_of


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("python3 leak.py", "python3 leak.py"),
        ("/usr/bin/python3.11 -X dev -u -Wignore /srv/app/leak.py --port 80", "python3.11 leak.py"),
        ("python3 -m http.server 8000", "python3 http.server"),
        ("python3 -Bmhttp.server", "python3 http.server"),
        ("python3 -Iuc print(1)", "python3"),
        ("python3 -", "python3"),
        ("python3", "python3"),
        ("python3 -- -odd.py", "python3 -odd.py"),
        ("pypy3 a.py", "pypy3 a.py"),
        ("node --max-old-space-size=4096 -r ./env server.js", "node server.js"),
        ("node --import tsx --env-file .env src/main.ts", "node main.ts"),
        ("node -e 1", "node"),
        ("deno run --allow-net main.ts", "deno main.ts"),
        ("java -Xmx2g -cp lib/a.jar:lib/b.jar com.example.Main serve", "java com.example.Main"),
        ("java -Dx=y -jar /opt/app/app.jar --port 1", "java app.jar"),
        ("java --add-opens java.base/java.lang=ALL-UNNAMED -m shop/com.example.Shop", "java com.example.Shop"),
        ("ruby -Ilib -r set bin/rails server", "ruby rails"),
        ("ruby -ne print", "ruby"),
        ("perl -w -Mstrict -I lib tool.pl x", "perl tool.pl"),
        ("perl -lane print", "perl"),
        ("php -d memory_limit=1G artisan", "php artisan"),
        ("php -S localhost:80 router.php", "php"),
        ("lua5.4 -l socket game.lua", "lua5.4 game.lua"),
        ("/usr/lib/R/bin/exec/R --no-echo --file=fit.R", "R fit.R"),
        ("dotnet exec Shop.dll", "dotnet Shop.dll"),
        ("bash -eu -o pipefail build.sh", "bash build.sh"),
        ("bash -euo pipefail build.sh", "bash build.sh"),
        ("bash --rcfile x -i", "bash"),
        ("sh -c 'sleep 1; x'", "sh"),
        ("-bash", "bash"),
        ("redis-server *:6379", "redis-server"),
        ("vim leak.py", "vim"),
    ],
)
def test_the_title_has_the_script(command: str, title: str) -> None:
    arguments = shlex.split(command)
    assert title_of(title.split()[0], arguments) == title


def test_a_name_that_the_process_chose_stays() -> None:
    assert title_of("worker-1", ["python3", "app.py"]) == "worker-1 (python3 app.py)"
    assert title_of("leak.py", ["/usr/bin/python3", "./leak.py"]) == "python3 leak.py", "as started by its first line"
    assert title_of("MainThread", ["node", "server.js"]) == "node server.js"
    assert title_of("nginx", ["nginx: worker process"]) == "nginx: worker process"
    assert title_of("kthreadd", []) == "kthreadd"


def test_a_title_that_replaces_the_arguments_says_what_a_child_does() -> None:
    bgsave = "redis-rdb-bgsave *:6379" + " " * 90
    assert title_of("redis-server", [bgsave]) == "redis-server (redis-rdb-bgsave)"
    assert title_of("redis-server", ["redis-server *:6379"]) == "redis-server"
    assert title_of("php-fpm8.2", ["php-fpm: pool www"]) == "php-fpm: pool www"
    assert title_of("python3", ["[celeryd: celery@host:Worker-1]  "]) == "[celeryd: celery@host:Worker-1]"
    assert title_of("a-name-of-15-by", ["a-name-of-15-bytes-and-more all of them"]) == "a-name-of-15-by"
    assert title_of("chrome", ["/opt/google chrome/chrome --type=gpu"]) == "chrome"
    assert title_of("prog", ["./my prog"]) == "prog"


@given(st.lists(st.text(max_size=12), max_size=8), st.sampled_from(["python3", "bash", "java", "perl", "node", ""]))
def test_any_arguments_have_a_title(arguments: list[str], program: str) -> None:
    assert title_of("name", [program, *arguments]).startswith(("name", program))
