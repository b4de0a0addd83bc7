package dev.socratic.operator;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.measure.OperatorMetrics;
import dev.socratic.operator.measure.RunMetrics;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The operator, to run on its own or inside another program. The client stays the caller's. */
public final class SocraticOperator implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

    private final Operator operator;
    private final FineTuneReconciler reconciler;
    private final AtomicBoolean leading = new AtomicBoolean();
    private volatile boolean closing;

    /** One that loses its leader election closes itself. */
    public SocraticOperator(KubernetesClient client, OperatorSettings settings) {
        this(client, settings, new CompositeMeterRegistry(), SocraticOperator::closeAside);
    }

    /** @param leaderLost what to do when another replica took over while this one did not want to stop */
    SocraticOperator(
            KubernetesClient client,
            OperatorSettings settings,
            MeterRegistry registry,
            Consumer<SocraticOperator> leaderLost) {
        OperatorMetrics metrics = new OperatorMetrics(registry, settings.reconcileThreads());
        this.reconciler = new FineTuneReconciler(client, settings, new RunMetrics(registry), Clock.systemUTC());
        settings.leaderElectionLease().ifPresent(lease -> metrics.leads(lease, leading::get));
        this.operator = new Operator(service -> {
            configure(service, client, settings, metrics);
            settings.leaderElectionLease()
                    .ifPresent(lease -> service.withLeaderElectionConfiguration(
                            election(lease, settings, () -> stoppedLeading(leaderLost))));
        });
        operator.register(reconciler, controller -> configure(controller, settings));
    }

    /** Begins to watch and to reconcile; returns when the first state of the cluster is known. */
    public void start() {
        operator.start();
    }

    /** Whether every watch is alive. */
    public boolean healthy() {
        return operator.getRuntimeInfo().isStarted()
                && operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }

    /** The resources that it knows: none before it has started, or while another replica leads. */
    Stream<SocraticFineTune> resources() {
        return reconciler.resources();
    }

    /** Lets reconciliations end, then stops. Runs go on without the operator. */
    @Override
    public void close() {
        closing = true;
        operator.stop();
    }

    private static void configure(
            ConfigurationServiceOverrider service,
            KubernetesClient client,
            OperatorSettings settings,
            Metrics metrics) {
        service.withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withMetrics(metrics)
                .withResourceCloner(new ResourceCloner())
                .withConcurrentReconciliationThreads(settings.reconcileThreads())
                .withReconciliationTerminationTimeout(GRACE)
                .withUseSSAToPatchPrimaryResource(false);
    }

    /** The framework's own way out is System.exit, which never returns while the process is shutting down. */
    private LeaderElectionConfiguration election(String lease, OperatorSettings settings, Runnable stopped) {
        return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(lease)
                .withLeaseNamespace(settings.leaderElectionNamespace().orElse(null))
                .withExitOnStopLeading(false)
                .withLeaderCallbacks(new LeaderCallbacks(() -> leading.set(true), stopped, leader -> {}))
                .build();
    }

    private void stoppedLeading(Consumer<SocraticOperator> leaderLost) {
        leading.set(false);
        if (!closing) {
            leaderLost.accept(this);
        }
    }

    private static void closeAside(SocraticOperator operator) {
        new Thread(operator::close, "leader-lost").start();
    }

    private static void configure(
            ControllerConfigurationOverrider<SocraticFineTune> controller, OperatorSettings settings) {
        if (settings.namespaces().isEmpty()) {
            controller.watchingAllNamespaces();
        } else {
            controller.settingNamespaces(settings.namespaces());
        }
        controller
                .withOnUpdateFilter(SocraticOperator::asksForSomethingElse)
                .withRetry(new GenericRetry()
                        .setInitialInterval(FIRST_RETRY.toMillis())
                        .setIntervalMultiplier(2)
                        .setMaxInterval(LONGEST_RETRY.toMillis())
                        .setMaxAttempts(Integer.MAX_VALUE));
    }

    /** Status writes are the operator's own and no news to it. */
    private static boolean asksForSomethingElse(SocraticFineTune now, SocraticFineTune before) {
        ObjectMeta meta = now.getMetadata();
        ObjectMeta old = before.getMetadata();
        return !Objects.equals(meta.getGeneration(), old.getGeneration())
                || !Objects.equals(meta.getLabels(), old.getLabels())
                || !Objects.equals(meta.getAnnotations(), old.getAnnotations());
    }
}
