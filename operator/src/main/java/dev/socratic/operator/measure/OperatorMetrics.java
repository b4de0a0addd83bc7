package dev.socratic.operator.measure;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Counts and times reconciliations and their queue, under the names of controller-runtime and client-go, so that
 * dashboards and alerts for other operators show this one too.
 */
public final class OperatorMetrics implements Metrics {
    private static final String CONTROLLER = "socraticfinetune";
    private static final Tags WORKER = Tags.of("controller", CONTROLLER);
    private static final Tags QUEUE = Tags.of("name", CONTROLLER);
    private static final Duration[] BUCKETS = Stream.of(1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final Counter succeeded;
    private final Counter failed;
    private final Counter errors;
    private final Timer reconciliations;
    private final AtomicInteger active = new AtomicInteger();
    private final Counter queued;
    private final Counter retried;
    private final Timer waits;
    private final Map<ResourceID, Long> waiting = new ConcurrentHashMap<>();

    /** @param workers reconciliations at a time */
    public OperatorMetrics(MeterRegistry registry, int workers) {
        this.registry = registry;
        succeeded = reconciliations(registry, "success");
        failed = reconciliations(registry, "error");
        errors = Counter.builder("controller_runtime_reconcile_errors")
                .description("Reconciliations that failed and are tried again.")
                .tags(WORKER)
                .register(registry);
        reconciliations = Timer.builder("controller_runtime_reconcile_time")
                .description("Duration of a reconciliation.")
                .tags(WORKER)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        Gauge.builder("controller_runtime_active_workers", active, AtomicInteger::get)
                .description("Reconciliations at the moment.")
                .tags(WORKER)
                .register(registry);
        Gauge.builder("controller_runtime_max_concurrent_reconciles", () -> workers)
                .description("Most reconciliations at a time.")
                .tags(WORKER)
                .register(registry);
        Gauge.builder("workqueue_depth", waiting, Map::size)
                .description("Resources that wait for their reconciliation.")
                .tags(QUEUE)
                .register(registry);
        queued = Counter.builder("workqueue_adds")
                .description("Resources that were queued for a reconciliation.")
                .tags(QUEUE)
                .register(registry);
        retried = Counter.builder("workqueue_retries")
                .description("Of these, after one that failed.")
                .tags(QUEUE)
                .register(registry);
        waits = Timer.builder("workqueue_queue_duration")
                .description("Time that a resource waited in the queue.")
                .tags(QUEUE)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    /** Whether this replica is the one that works. */
    public void leads(String lease, BooleanSupplier leading) {
        Gauge.builder("leader_election_master_status", () -> leading.getAsBoolean() ? 1 : 0)
                .description("1 on the replica that works, 0 on one that waits to take over.")
                .tags("name", lease)
                .register(registry);
    }

    @Override
    public void reconcileCustomResource(HasMetadata resource, RetryInfo retry, Map<String, Object> metadata) {
        waiting.put(ResourceID.fromResource(resource), System.nanoTime());
        queued.increment();
        if (retry != null && retry.getAttemptCount() > 0) {
            retried.increment();
        }
    }

    @Override
    public void reconciliationExecutionStarted(HasMetadata resource, Map<String, Object> metadata) {
        active.incrementAndGet();
        Long since = waiting.remove(ResourceID.fromResource(resource));
        if (since != null) {
            waits.record(System.nanoTime() - since, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void reconciliationExecutionFinished(HasMetadata resource, Map<String, Object> metadata) {
        active.decrementAndGet();
    }

    @Override
    public <T> T timeControllerExecution(ControllerExecution<T> execution) throws Exception {
        long begin = System.nanoTime();
        boolean done = false;
        try {
            T result = execution.execute();
            done = true;
            return result;
        } finally {
            reconciliations.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
            (done ? succeeded : failed).increment();
            if (!done) {
                errors.increment();
            }
        }
    }

    private static Counter reconciliations(MeterRegistry registry, String result) {
        return Counter.builder("controller_runtime_reconcile")
                .description("Reconciliations, by result.")
                .tags(WORKER.and("result", result))
                .register(registry);
    }
}
