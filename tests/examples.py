"""How many examples a property test tries: few in `make test`, so that it does not take long, many in `make deep`."""

from hypothesis import HealthCheck, settings

USUAL_EXAMPLES = 25
"""Of a property test that does not say how many."""


def register_profiles() -> None:
    """Name the profiles, for --hypothesis-profile, and use that of `make test`."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
    settings.register_profile("usual", patient, max_examples=USUAL_EXAMPLES)
    settings.register_profile("deep", patient, max_examples=40 * USUAL_EXAMPLES)
    settings.load_profile("usual")


def examples(usual: int) -> settings:
    """Settings of a test that tries so many in `make test`, and in proportion more in `make deep`."""
    return settings(max_examples=usual * settings().max_examples // USUAL_EXAMPLES)
