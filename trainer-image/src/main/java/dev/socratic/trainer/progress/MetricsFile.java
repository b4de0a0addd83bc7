package dev.socratic.trainer.progress;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.storage.UnwritableFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * {@code metrics.jsonl}: one line a step, written as it is made, with {@code step, epoch, loss, grad_norm,
 * learning_rate, tokens, tokens_per_second} and {@code eval_loss} where one was measured.
 */
public final class MetricsFile implements ProgressSink {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String FIELD = "spec.output.uri";

    private final Path file;
    private final FileChannel channel;
    private Double evalLoss;

    private MetricsFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * @param completedSteps of the checkpoint that the run goes on from: later lines of an earlier attempt are dropped;
     *     0 starts anew
     */
    public static MetricsFile open(Path file, int completedSteps) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Path beside = file.resolveSibling("." + file.getFileName() + ".tmp");
            Files.write(beside, linesUpTo(completedSteps, file));
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return new MetricsFile(file, FileChannel.open(file, StandardOpenOption.APPEND));
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(FIELD, file, unwritable);
        }
    }

    private static List<String> linesUpTo(int step, Path file) throws IOException {
        if (step == 0 || !Files.exists(file)) {
            return List.of();
        }
        return Files.readAllLines(file).stream()
                .filter(line -> isStepUpTo(step, line))
                .toList();
    }

    private static boolean isStepUpTo(int step, String line) {
        try {
            return JSON.readTree(line).path("step").asInt(Integer.MAX_VALUE) <= step;
        } catch (JsonProcessingException halfWritten) {
            return false;
        }
    }

    @Override
    public void evaluated(int step, double loss) {
        evalLoss = loss;
    }

    @Override
    public void step(TrainingStep step) {
        ObjectNode line = JSON.createObjectNode()
                .put("step", step.step())
                .put("epoch", LatestReport.finite(step.epoch()))
                .put("loss", LatestReport.finite(step.loss()))
                .put("grad_norm", LatestReport.finite(step.gradNorm()))
                .put("learning_rate", LatestReport.finite(step.learningRate()))
                .put("tokens", step.tokens())
                .put("tokens_per_second", LatestReport.finite(step.tokensPerSecond()));
        Double measured = step.evalLoss() == null ? evalLoss : step.evalLoss();
        if (measured != null) {
            line.put("eval_loss", LatestReport.finite(measured));
        }
        evalLoss = null;
        append(line + "\n");
    }

    private void append(String line) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(FIELD, file, unwritable);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException unwritable) {
            throw UnwritableFolder.of(FIELD, file, unwritable);
        }
    }
}
