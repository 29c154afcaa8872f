// Touches 19 pages of a file in compiled code, after it has been compiled and its names are in the perf map.
//     java Callers.java FILE
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.ObjectName;

public class Callers {
    static final int PAGE = 4096, PAGES = 19;

    static void touch(ByteBuffer memory, int pages) {
        for (int page = 0; page < pages; page++) memory.put(page * PAGE, (byte) 1);
    }

    static void handle(ByteBuffer memory, int pages) {
        touch(memory, pages);
    }

    static void step(String label, String address) throws Exception {
        System.out.println(label + " 0x" + address);
        System.in.read();
    }

    static String addressOf(String path) throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/maps")))
            if (line.endsWith(path)) return line.split("-")[0];
        throw new IllegalStateException();
    }

    public static void main(String[] words) throws Exception {
        ByteBuffer warm = ByteBuffer.allocateDirect(PAGE), memory;
        try (RandomAccessFile file = new RandomAccessFile(words[0], "rw")) {
            memory = file.getChannel().map(MapMode.READ_WRITE, 0, PAGES * PAGE);
        }
        for (int call = 0; call < 20_000; call++) handle(warm, 1);
        ObjectName commands = new ObjectName("com.sun.management:type=DiagnosticCommand");
        ManagementFactory.getPlatformMBeanServer().invoke(commands, "compilerPerfmap", null, null);
        step("ready", addressOf(words[0]));
        handle(memory, PAGES);
        step("touched", addressOf(words[0]));
    }
}
