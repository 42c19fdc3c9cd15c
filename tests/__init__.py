"""The tests of Limn; each file is a topic, each test's name a sentence."""

import os

# Two workers and their commands share the cores: threads of OpenMP that spin while they wait, as is
# the default, made a training of 9 s one of 75. It counts for libraries that are loaded after this.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
