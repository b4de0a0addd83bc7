package dev.socratic.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that hold what a test expects; {@code -Dgolden.write=true} writes them anew. */
public final class Golden {
    private Golden() {}

    public static void check(Path file, String actual) throws IOException {
        if (Boolean.getBoolean("golden.write")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, actual);
        }
        assertThat(actual)
                .as("%s (mvn test -Dgolden.write=true writes it anew)", file)
                .isEqualTo(Files.readString(file));
    }
}
