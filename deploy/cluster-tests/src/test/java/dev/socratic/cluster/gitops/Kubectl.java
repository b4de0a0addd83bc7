package dev.socratic.cluster.gitops;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.cluster.Program;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The kubectls of this machine: the one that {@code SOCRATIC_TEST_KUBECTL} names, and the one that users have. */
final class Kubectl {
    private Kubectl() {}

    static List<Program> installed() {
        return Stream.of(
                        Optional.ofNullable(System.getenv("SOCRATIC_TEST_KUBECTL"))
                                .map(Path::of),
                        Program.find("kubectl"))
                .flatMap(Optional::stream)
                .map(file -> new Program(file, Map.of(), Program.ROOT))
                .toList();
    }

    /** The first; the calling test is skipped where there is none. */
    static Program any() {
        Optional<Program> first = installed().stream().findFirst();
        assumeTrue(first.isPresent(), "needs kubectl in the PATH or as $SOCRATIC_TEST_KUBECTL");
        return first.get();
    }
}
