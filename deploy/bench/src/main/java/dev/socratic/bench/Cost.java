package dev.socratic.bench;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the operator has used since it started.
 *
 * @param cpu of all its threads
 * @param residentBytes now
 * @param peakResidentBytes the most there was
 * @param requests to the API server, by method and resource
 */
record Cost(Duration cpu, long residentBytes, long peakResidentBytes, Map<String, Integer> requests) {
    /** What came since {@code before}; memory is not a difference. */
    Cost since(Cost before) {
        Map<String, Integer> more = new TreeMap<>();
        requests.forEach((kind, count) -> {
            int difference = count - before.requests.getOrDefault(kind, 0);
            if (difference != 0) {
                more.put(kind, difference);
            }
        });
        return new Cost(cpu.minus(before.cpu), residentBytes, peakResidentBytes, more);
    }

    int writes() {
        return requests.entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith("GET "))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    int reads() {
        return requests.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("GET "))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }
}
