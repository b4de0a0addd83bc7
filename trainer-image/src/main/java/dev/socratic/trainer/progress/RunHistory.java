package dev.socratic.trainer.progress;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Keeps what the report at the end draws. */
public final class RunHistory implements ProgressSink {
    private final List<TrainingStep> steps = new ArrayList<>();
    private final Map<Integer, Double> evalLosses = new TreeMap<>();
    private RunFacts facts = new RunFacts(null, null, List.of());

    @Override
    public void plan(RunFacts known) {
        facts = known;
    }

    @Override
    public void step(TrainingStep step) {
        steps.add(step);
        if (step.evalLoss() != null) {
            evalLosses.put(step.step(), step.evalLoss());
        }
    }

    @Override
    public void evaluated(int step, double loss) {
        evalLosses.put(step, loss);
    }

    public List<TrainingStep> steps() {
        return List.copyOf(steps);
    }

    /** By step. */
    public Map<Integer, Double> evalLosses() {
        return new TreeMap<>(evalLosses);
    }

    public RunFacts facts() {
        return facts;
    }
}
