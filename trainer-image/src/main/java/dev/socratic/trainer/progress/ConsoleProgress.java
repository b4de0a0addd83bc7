package dev.socratic.trainer.progress;

import java.io.PrintStream;
import java.nio.file.Path;

/** For the person who watches: a progress bar on a terminal, at most some twenty step lines elsewhere. */
public final class ConsoleProgress implements ProgressSink {
    private static final int BAR_WIDTH = 20;
    private static final int PLAIN_LINES = 20;
    private static final String REDRAW = "\r\u001b[K";

    private final PrintStream out;
    private final Terminal terminal;
    private Double evalLoss;
    private String openLine;

    public ConsoleProgress(PrintStream out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public void phase(RunPhase phase, String message) {
        line(message.isEmpty() ? phase.name() : phase + ": " + message);
    }

    @Override
    public void plan(RunFacts facts) {
        if (facts.parameters() != null) {
            line(String.format(
                    "Trainable parameters: %,d of %,d",
                    facts.parameters().trainable(), facts.parameters().total()));
        }
        facts.devices().forEach(device -> line(ConsoleLines.device(device)));
    }

    @Override
    public void evaluated(int step, double loss) {
        evalLoss = loss;
    }

    @Override
    public void step(TrainingStep step) {
        Double measured = step.evalLoss() == null ? evalLoss : step.evalLoss();
        evalLoss = null;
        String text = ConsoleLines.step(step, measured);
        if (terminal == Terminal.INTERACTIVE) {
            openLine = ConsoleLines.bar(step.step(), step.totalSteps(), BAR_WIDTH) + " " + text;
            out.print(REDRAW + openLine);
            out.flush();
        } else if (measured != null || isDue(step)) {
            line(text);
        }
    }

    private static boolean isDue(TrainingStep step) {
        int every = Math.max(1, step.totalSteps() / PLAIN_LINES);
        return step.step() == 1 || step.step() % every == 0 || step.step() == step.totalSteps();
    }

    @Override
    public void checkpointed(int step, Path at) {
        line("Checkpoint of step " + step + ": " + at);
    }

    @Override
    public void finished(RunOutcome outcome) {
        String reason = outcome.reason() == null ? "" : " (" + outcome.reason() + ")";
        line(outcome.phase() + reason + ": " + outcome.message());
        if (outcome.adapter() != null) {
            line("Adapter: " + outcome.adapter().uri());
        }
        if (outcome.report() != null) {
            line("Report: " + outcome.report());
        }
    }

    /** A line of its own; the bar stays above it as it was. */
    private void line(String text) {
        if (openLine != null) {
            out.println();
            openLine = null;
        }
        out.println(text);
        out.flush();
    }
}
