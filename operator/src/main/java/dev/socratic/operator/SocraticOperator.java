package dev.socratic.operator;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;

/** The operator, to run on its own or inside another program. The client stays the caller's. */
public final class SocraticOperator implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

    private final Operator operator;

    public SocraticOperator(KubernetesClient client, OperatorSettings settings) {
        this(client, settings, Metrics.NOOP);
    }

    SocraticOperator(KubernetesClient client, OperatorSettings settings, Metrics metrics) {
        this.operator = new Operator(service -> configure(service, client, settings, metrics));
        operator.register(
                new FineTuneReconciler(client, settings, Clock.systemUTC()),
                controller -> configure(controller, settings));
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

    /** Lets reconciliations end, then stops. Runs go on without the operator. */
    @Override
    public void close() {
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
                .withConcurrentReconciliationThreads(settings.reconcileThreads())
                .withReconciliationTerminationTimeout(GRACE)
                .withUseSSAToPatchPrimaryResource(false);
        settings.leaderElectionLease()
                .ifPresent(lease -> service.withLeaderElectionConfiguration(
                        LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(lease)
                                .withLeaseNamespace(
                                        settings.leaderElectionNamespace().orElse(null))
                                .build()));
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
