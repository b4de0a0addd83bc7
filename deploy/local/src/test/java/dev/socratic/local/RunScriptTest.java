package dev.socratic.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code run.sh} does before Java starts, in a copy of the repository's layout. */
class RunScriptTest {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final List<String> JARS = List.of(
            "crds/target/socratic-crds-",
            "operator/target/socratic-operator-",
            "trainer-image/target/socratic-trainer-",
            "deploy/local/target/socratic-local-",
            "deploy/local/target/lib/socratic-crds-",
            "deploy/local/target/lib/socratic-operator-",
            "trainer-image/target/lib/socratic-crds-");

    @TempDir
    Path folder;

    private Path repository;
    private Path tools;

    @BeforeEach
    void layout() throws IOException {
        repository = folder.resolve("a repository");
        tools = Files.createDirectories(folder.resolve("tools"));
        for (String name : List.of("sed", "dirname", "find", "head", "cmp", "readlink", "mkdir")) {
            program(name, "exec " + which(name) + " \"$@\"");
        }
        for (String module : List.of("crds", "operator", "trainer-image", "deploy/local")) {
            Files.createDirectories(repository.resolve(module).resolve("src/main"));
            Files.writeString(repository.resolve(module).resolve("pom.xml"), "");
        }
        Files.writeString(repository.resolve("pom.xml"), "");
        Files.copy(Path.of("run.sh"), repository.resolve("deploy/local/run.sh"));
        program(
                "java",
                "case \"$*\" in *-version) echo '    java.specification.version = 21' >&2 ;; *) echo \"ran $*\" ;; esac");
        String build = "mkdir -p %s\nfor jar in %s; do echo jar >\"$jar\"; done\necho built";
        program(
                "mvn",
                build.formatted(
                        "crds/target operator/target trainer-image/target/lib deploy/local/target/lib",
                        String.join(
                                " ",
                                JARS.stream().map(jar -> jar + VERSION + ".jar").toList())));
    }

    @ParameterizedTest
    @CsvSource({
        "java, 1.8, is Java 1.8; needed is 17 or newer",
        "java, 11,  is Java 11; needed is 17 or newer",
    })
    void oldJavaIsNamed(String program, String version, String message) throws Exception {
        program(program, "echo '    java.specification.version = " + version + "' >&2");

        assertThat(run().output()).contains(message);
        assertThat(run().status()).isEqualTo(70);
    }

    @ParameterizedTest
    @CsvSource({"java, no java in the PATH", "mvn, no mvn in the PATH"})
    void missingProgramIsNamed(String program, String message) throws Exception {
        Files.delete(tools.resolve(program));

        assertThat(run().output()).contains(message);
        assertThat(run().status()).isEqualTo(70);
    }

    @Test
    void buildsOnceAndAgainWhenASourceIsNewerOrACopyIsStale() throws Exception {
        assertThat(run().output()).contains("building", "built", "ran ", "--keep the file.yaml");
        assertThat(run().output()).doesNotContain("building").contains("ran ");

        Path source = Files.writeString(repository.resolve("crds/src/main/Some.java"), "");
        assertThat(source).exists();
        assertThat(run().output()).contains("building");
        assertThat(run().output()).doesNotContain("building");

        Files.writeString(repository.resolve("operator/target/socratic-operator-" + VERSION + ".jar"), "another");
        assertThat(run().output()).contains("building");
    }

    @Test
    void failedBuildEndsTheScript() throws Exception {
        program("mvn", "echo 'cannot find symbol'; exit 1");

        assertThat(run().output())
                .contains("cannot find symbol", "the build failed")
                .doesNotContain("ran ");
    }

    private void program(String name, String body) throws IOException {
        Path file = tools.resolve(name);
        Files.deleteIfExists(file);
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static Path which(String name) {
        return List.of("/bin", "/usr/bin").stream()
                .map(bin -> Path.of(bin, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private Outcome run() throws IOException, InterruptedException {
        var builder = new ProcessBuilder(
                        "/bin/sh", repository.resolve("deploy/local/run.sh").toString(), "--keep", "the file.yaml")
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", tools.toString()));
        var process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    private record Outcome(int status, String output) {}
}
