package dev.socratic.trainer.progress;

import java.util.List;

/**
 * What is known of a run beyond its steps. Reported once the plan stands, and again when peaks are known.
 *
 * @param modelRevision commit of the base model, or null
 */
public record RunFacts(String modelRevision, Parameters parameters, List<Device> devices) {
    public RunFacts {
        devices = List.copyOf(devices);
    }

    /** Numbers of elements. */
    public record Parameters(long trainable, long total) {}

    /**
     * @param id as in a device map: {@code 0}, {@code 1}, …, {@code cpu}
     * @param layers what is placed there, such as {@code embed,0-7}
     * @param capBytes from placement.maxMemory, or null without a cap
     * @param plannedBytes of the planner
     * @param peakBytes measured, or null before the end
     */
    public record Device(String id, String name, String layers, Long capBytes, Long plannedBytes, Long peakBytes) {}
}
