package dev.socratic.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrdTest {
    @Test
    void committedFileIsWhatTheTypesSay(@TempDir Path folder) throws IOException {
        String generated = CrdFile.generate(folder);
        if (System.getProperty("crd.write") != null) {
            Files.writeString(CrdFile.COMMITTED, generated);
        }
        assertThat(CrdFile.COMMITTED)
                .as("regenerate with: mvn -pl crds test -Dtest=CrdTest -Dcrd.write")
                .hasContent(generated);
    }
}
