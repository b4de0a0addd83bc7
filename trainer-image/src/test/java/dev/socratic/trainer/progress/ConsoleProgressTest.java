package dev.socratic.trainer.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsoleProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private ConsoleProgress console(Terminal terminal) {
        return new ConsoleProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal);
    }

    private String written() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void plainLinesElsewhere() {
        Runs.play(console(Terminal.PLAIN));

        assertThat(written()).isEqualTo("""
                Loading: lab/tiny
                Trainable parameters: 6,389,760 of 2,620,731,648
                Device 0 (NVIDIA H200): embed,0-7; planned 3.0 GiB of 4.0 GiB
                Training
                Step 1/4 loss 2.0000 lr 1.9e-04 4210 tok/s ETA 3s
                Step 2/4 loss 1.0000 eval loss 1.2500 lr 1.9e-04 4210 tok/s ETA 2s
                Step 3/4 loss 0.6667 lr 1.9e-04 4210 tok/s ETA 1s
                Step 4/4 loss 0.5000 lr 1.9e-04 4210 tok/s ETA 0s
                Checkpoint of step 4: /checkpoints/step-4
                Succeeded: questions: 0 of 20 before, 19 of 20 after
                Adapter: pvc://adapters/ja
                Report: pvc://adapters/ja/report.html
                """);
    }

    @Test
    void oneLineIsRedrawnOnATerminal() {
        ConsoleProgress console = console(Terminal.INTERACTIVE);
        console.step(Runs.step(1, 4));
        console.step(Runs.step(4, 4));
        console.finished(Runs.success());

        assertThat(written())
                .startsWith("\r\u001b[K[=====>              ] Step 1/4 loss 2.0000")
                .contains(
                        "\r\u001b[K[====================] Step 4/4 loss 0.5000 lr 1.9e-04 4210 tok/s ETA 0s\nSucceeded: ");
    }

    @Test
    void longRunsWriteSomeTwentyPlainLines() {
        ConsoleProgress console = console(Terminal.PLAIN);
        for (int step = 1; step <= 3000; step++) {
            console.step(Runs.step(step, 3000));
        }

        assertThat(written().lines()).hasSize(21).last().asString().startsWith("Step 3000/3000 ");
    }

    @ParameterizedTest
    @CsvSource({"0,0s", "59.6,1m00s", "190,3m10s", "3725,1h02m", "NaN,?"})
    void durations(double seconds, String text) {
        assertThat(ConsoleLines.duration(seconds)).isEqualTo(text);
    }
}
