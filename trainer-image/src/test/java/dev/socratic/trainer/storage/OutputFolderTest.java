package dev.socratic.trainer.storage;

import static dev.socratic.trainer.storage.OutputFolder.ADAPTER_WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
    @TempDir
    Path root;

    private final Storage storage = new Storage(StorageSettings.fromEnvironment(Map.of()));

    private OutputFolder output() {
        return storage.output("file://" + root.resolve("adapter"));
    }

    private OutputFolder outputOf(String resource) {
        return new Storage(StorageSettings.fromEnvironment(Map.of("SOCRATIC_RESOURCE", resource)))
                .output("file://" + root.resolve("adapter"));
    }

    private static void write(Path folder, String weights, String config) throws IOException {
        Files.writeString(folder.resolve(ADAPTER_WEIGHTS), weights);
        Files.writeString(folder.resolve("adapter_config.json"), config);
    }

    @Test
    void aResultAppearsWholeAndIsDescribed() throws IOException {
        try (OutputFolder output = output()) {
            output.checkWritable();
            write(output.staging(), "weights", "config");
            assertThat(output.folder().resolve(ADAPTER_WEIGHTS)).doesNotExist();

            PublishedOutput published = output.publish();

            String sha256 = HubServer.sha256("weights".getBytes(StandardCharsets.UTF_8));
            assertThat(published).isEqualTo(new PublishedOutput(output.uri(), sha256, 13));
            assertThat(output.folder().resolve(ADAPTER_WEIGHTS)).hasContent("weights");
            assertThat(output.folder().resolve("adapter_config.json")).hasContent("config");
            assertThat(output.uriOf("report.html")).endsWith("/adapter/report.html");
        }
    }

    @Test
    void aRunThatDiesWhileWritingLeavesTheGoodAdapter() throws IOException {
        publish("good");
        Files.writeString(output().staging().resolve(ADAPTER_WEIGHTS), "ha");

        try (OutputFolder next = output()) {
            next.checkWritable();

            assertThat(next.folder().resolve(ADAPTER_WEIGHTS)).hasContent("good");
            assertThat(next.staging()).isEmptyDirectory();
        }
    }

    @Test
    void aRunThatDiesWhilePublishingIsCompletedByTheNext() throws IOException {
        publish("good");
        Path decided = Files.createDirectories(root.resolve("adapter/.socratic-publishing"));
        write(decided, "better", "config of better");

        try (OutputFolder next = output()) {
            next.checkWritable();

            assertThat(next.folder().resolve(ADAPTER_WEIGHTS)).hasContent("better");
            assertThat(next.folder().resolve("adapter_config.json")).hasContent("config of better");
            assertThat(decided).doesNotExist();
        }
    }

    @Test
    void twoRunsDoNotShareAnOutput() {
        try (OutputFolder first = output();
                OutputFolder second = output()) {
            first.checkWritable();

            TrainerFailure failure = catchThrowableOfType(TrainerFailure.class, second::checkWritable);

            assertThat(failure.reason()).isEqualTo(FailureReason.TryAgain);
        }
        try (OutputFolder later = output()) {
            later.checkWritable();
        }
    }

    @Test
    void aLaterTrainerOfTheSameResourceAsksForTheOutputAndWaits() throws Exception {
        OutputFolder lost = outputOf("socratic-ja");
        OutputFolder next = outputOf("socratic-ja");
        lost.checkWritable();
        assertThat(lost.isAskedFor()).isFalse();
        CompletableFuture<Void> taken = CompletableFuture.runAsync(next::checkWritable);
        while (!lost.isAskedFor()) {
            Thread.onSpinWait();
        }
        lost.close();
        taken.orTimeout(30, TimeUnit.SECONDS).join();

        assertThat(next.isAskedFor()).isFalse();
        try (OutputFolder other = outputOf("another")) {
            assertThatThrownBy(other::checkWritable).hasMessageContaining("another run");
        }
        assertThat(next.isAskedFor()).isFalse();
        next.close();
    }

    @Test
    void whatCannotBeWrittenIsSaidBeforeTheTraining() throws IOException {
        Files.writeString(root.resolve("adapter"), "a file where the folder should be");

        try (OutputFolder output = output()) {
            TrainerFailure failure = catchThrowableOfType(TrainerFailure.class, output::checkWritable);

            assertThat(failure.exitCode()).isEqualTo(66);
            assertThat(failure).hasMessageContaining("spec.output.uri").hasMessageContaining("what to do: ");
        }
    }

    @Test
    void aFullVolumeIsSaidBeforeTheTraining() {
        try (OutputFolder output = output()) {
            output.checkWritable();
            assertThatThrownBy(() -> output.checkSpace(Long.MAX_VALUE))
                    .hasMessageContaining("too full")
                    .hasMessageContaining("free space on the volume");
        }
    }

    private void publish(String weights) throws IOException {
        try (OutputFolder output = output()) {
            output.checkWritable();
            write(output.staging(), weights, "config of " + weights);
            output.publish();
        }
    }
}
