package dev.socratic.cluster.gitops;

import dev.socratic.cluster.Program;
import org.junit.jupiter.api.Test;

class VerdictsTest {
    /** Without {@code -count=1} Go would not see that a file outside of its module has changed. */
    @Test
    void argoCdAndFluxReadTheOperatorsStatusesAsTheTableSays() {
        Program.named("go").in(Program.ROOT.resolve("deploy/gitops/verdicts")).run("test", "-count=1", "./...");
    }
}
