package dev.socratic.trainer.placement;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.data.MicroBatching;
import dev.socratic.trainer.data.MicroBatching.Grouping;
import dev.socratic.trainer.placement.PipelineSchedule.Stage;
import java.util.ArrayList;
import java.util.List;

/**
 * Estimates how long a step takes, to choose between plans: in forward passes of one token through one block. The ratios
 * are those of Gemma 2 2B on an H100.
 */
record StepTime(ModelShape shape, SocraticFineTuneSpec spec, Kernels kernels) {
    private static final double FORWARD = 1;
    private static final double BACKWARD = 1.15;
    /** Of dequantizing a block's weights for one pass, in tokens: as long as so many take to pass forward. */
    private static final double DEQUANTIZATION = 300;
    /** Of computing norms, residuals and the gate's product again, as a share of a forward pass. */
    private static final double ELEMENTWISE = 0.03;
    /** A product as large as the head's runs faster than a block, which has small operations beside its products. */
    private static final double HEAD_SPEED = 0.7;
    /** Of taking a micro-batch over from another device, either way. */
    private static final double HAND_OVER = 0.1;
    /** What a micro-batch costs beside its tokens, in tokens: launches, and products too small to fill the device. */
    private static final int OVERHEAD_OF_OURS = 200;

    private static final int OVERHEAD_OF_TORCH = 1200;

    private static final int CPU_OVERHEAD = 64;
    /** Steps of more micro-batches go on as these do. */
    private static final int MOST_PLAYED = 32;

    /** The cost of the head in costs of a block. */
    double headInBlocks() {
        return head() / (FORWARD + BACKWARD);
    }

    private double head() {
        return HEAD_SPEED * (FORWARD + BACKWARD) * shape.embeddingElements() / shape.linearElements();
    }

    /** Micro-batches of a step where so many rows pass at once. */
    private int microBatches(int rows) {
        long batches = spec.training().gradientAccumulation();
        long batch = spec.training().batchSize();
        long parts = grouping() == Grouping.AS_DECLARED ? batches * parts(batch, rows) : parts(batches * batch, rows);
        return (int) Math.min(Integer.MAX_VALUE, parts);
    }

    private static long parts(long all, int rows) {
        return (all + rows - 1) / rows;
    }

    private Grouping grouping() {
        return shape.grouping(spec);
    }

    /** How the rows of a plan are made up; several devices need as many micro-batches as the plan has. */
    MicroBatching microBatching(Candidate candidate) {
        int rows = candidate.tactic().rows();
        return new MicroBatching(
                grouping(),
                rows,
                spec.training().maxSequenceLength(),
                candidate.spread().devices().size() > 1 ? microBatches(rows) : 1,
                (int) Math.round(overhead(candidate) + dequantization(candidate.tactic()) / BACKWARD));
    }

    List<Stage> stages(Candidate candidate) {
        Tactic tactic = candidate.tactic();
        double tokens = tokens(candidate);
        double weights = dequantization(tactic);
        List<Section> sections = candidate.spread().sections();
        List<Stage> stages = new ArrayList<>();
        for (int i = 0; i < sections.size(); i++) {
            Section section = sections.get(i);
            double again =
                    candidate.saved(section).stream().mapToDouble(this::again).sum();
            double taken = i == 0 ? 0 : HAND_OVER;
            double head = i == sections.size() - 1 ? head() : 0;
            double pass = tokens * FORWARD + weights;
            double forward = section.blocks() * pass + tokens * (head + taken);
            double backward = section.blocks() * (tokens * BACKWARD + weights) + again * pass + tokens * taken;
            stages.add(new Stage(section.device(), forward, backward));
        }
        return stages;
    }

    /** Of a micro-batch, with those that stand for what it costs beside its own. */
    private double tokens(Candidate candidate) {
        return (double) candidate.tactic().rows() * spec.training().maxSequenceLength() + overhead(candidate);
    }

    private int overhead(Candidate candidate) {
        if (candidate.spread().map().devices().contains("cpu")) {
            return CPU_OVERHEAD;
        }
        return kernels == Kernels.OURS ? OVERHEAD_OF_OURS : OVERHEAD_OF_TORCH;
    }

    private double dequantization(Tactic tactic) {
        return spec.quantization() != null && tactic.weights() == Tactic.Weights.EACH_TIME ? DEQUANTIZATION : 0;
    }

    /** Of a block's forward pass the share that the backward pass repeats. */
    private double again(SavedActivations saved) {
        return switch (saved) {
            case INPUTS -> 1;
            case BRANCHES -> 1 - branchShare();
            case PRODUCTS -> ELEMENTWISE;
            case ALL -> 0;
        };
    }

    /** Of the products of a block the share whose results are the branches. */
    private double branchShare() {
        double branches = (double) shape.hiddenSize() * (shape.queryWidth() + shape.intermediateSize());
        return branches / shape.linearElements();
    }

    /** A step, or its begin if it has many micro-batches. */
    PipelineSchedule schedule(Candidate candidate) {
        return Pipeline.play(
                stages(candidate), played(candidate), candidate.tactic().inFlight());
    }

    /** A head that is slower as it computes fewer logits at once is waited for: it makes no division better. */
    double of(Candidate candidate) {
        int played = played(candidate);
        double slower = tokens(candidate) * head() * (candidate.tactic().headSlowness() - 1);
        double duration = schedule(candidate).duration() + played * slower;
        return duration * microBatchesEach(candidate) / played;
    }

    private int played(Candidate candidate) {
        return Math.min(microBatchesEach(candidate), MOST_PLAYED);
    }

    /** Of a step's micro-batches as many as the busiest replica has. */
    private int microBatchesEach(Candidate candidate) {
        int shares = 1 + candidate.spread().replicas().size();
        return (int) parts(microBatches(candidate.tactic().rows()), shares);
    }
}
