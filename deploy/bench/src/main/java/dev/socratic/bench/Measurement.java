package dev.socratic.bench;

import java.util.Locale;
import java.util.Map;

/**
 * One size, measured.
 *
 * @param floorSeconds from the first plain Job's creation until all their pods run
 * @param seconds the same for resources
 * @param ratio of the two
 * @param statusSeconds until every resource says Running
 * @param succeededSeconds from the first pod's end until every resource says Succeeded
 * @param writesUpToRunning the operator's writes a resource
 * @param readsUpToRunning the operator's reads a resource, watches included
 * @param coldCpuMillis the operator's CPU time a resource up to Running, of the first ones of a new process
 * @param cpuMillis the same in that process after those, with its code compiled
 * @param podsCpuMillis what of it was used until all pods ran
 * @param residentMiB the operator's memory with all of them Running
 * @param steadyWrites writes in a minute in which nothing happened
 * @param restartWrites writes of an operator that was started with all of them there
 * @param requests what the operator sent up to Running, by method and resource
 */
record Measurement(
        int resources,
        double floorSeconds,
        double seconds,
        double ratio,
        double statusSeconds,
        double succeededSeconds,
        double writesUpToRunning,
        double readsUpToRunning,
        double coldCpuMillis,
        double cpuMillis,
        double podsCpuMillis,
        long residentMiB,
        int steadyWrites,
        int restartWrites,
        Map<String, Integer> requests) {
    static final String HEADER =
            "RESOURCES  FLOOR    OURS     RATIO  STATUS   SUCCEEDED  WRITES  READS  COLD CPU  WARM CPU  TO PODS   RESIDENT  STEADY  RESTART";

    String line() {
        return String.format(
                Locale.ROOT,
                "%-9d  %5.1f s  %5.1f s  %5.2f  %5.1f s  %7.1f s  %6.2f  %5.2f  %5.1f ms  %5.1f ms  %5.1f ms  %4d MiB  %6d  %7d",
                resources,
                floorSeconds,
                seconds,
                ratio,
                statusSeconds,
                succeededSeconds,
                writesUpToRunning,
                readsUpToRunning,
                coldCpuMillis,
                cpuMillis,
                podsCpuMillis,
                residentMiB,
                steadyWrites,
                restartWrites);
    }
}
