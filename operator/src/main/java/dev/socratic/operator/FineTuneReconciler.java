package dev.socratic.operator;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.apply.Applier;
import dev.socratic.operator.decide.Decide;
import dev.socratic.operator.decide.Decision;
import dev.socratic.operator.decide.Pace;
import dev.socratic.operator.measure.RunMetrics;
import dev.socratic.operator.observe.ClusterReferences;
import dev.socratic.operator.observe.ClusterWarnings;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.KueueWorkloads;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.Observer;
import dev.socratic.operator.observe.PodFacts;
import dev.socratic.operator.observe.Rush;
import dev.socratic.operator.observe.RushEnd;
import dev.socratic.operator.observe.TrainerPods;
import dev.socratic.operator.progress.PolledReport;
import dev.socratic.operator.progress.ProgressSource;
import dev.socratic.operator.report.Reporter;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.MDC;

/** Observe, decide, apply, report: once for each change of a resource, its Job, its pod or its progress. */
@ControllerConfiguration(name = "socraticfinetune", generationAwareEventProcessing = false)
final class FineTuneReconciler implements Reconciler<SocraticFineTune> {
    private final OperatorSettings settings;
    private final Observer observer;
    private final Pace pace;
    private final Applier applier;
    private final Reporter reporter;
    private final Clock clock;
    private final Rush rush = new Rush();
    private final RushEnd rushEnd;
    private InformerEventSource<Job, SocraticFineTune> jobs;
    private volatile Supplier<Stream<SocraticFineTune>> resources = Stream::empty;

    FineTuneReconciler(KubernetesClient client, OperatorSettings settings, RunMetrics metrics, Clock clock) {
        this.settings = settings;
        ClusterReferences.OwnClaim ownClaim = settings.checkpointsSize().isPresent()
                ? ClusterReferences.OwnClaim.EXPECTED
                : ClusterReferences.OwnClaim.NONE;
        this.observer = new Observer(
                new ClusterReferences(client, ownClaim),
                new KueueWorkloads(client),
                new ClusterWarnings(client),
                rush,
                settings.pendingCheckInterval(),
                settings.allowed());
        this.pace = new Pace(settings.progressWriteInterval(), settings.pendingCheckInterval());
        this.applier = new Applier(client, settings);
        this.reporter = new Reporter(client, metrics);
        this.clock = clock;
        this.rushEnd = new RushEnd(rush, clock);
    }

    /** What this thread logs from now on is about the run; so is what the framework logs when the reconciliation failed. */
    private static void logAs(Run run) {
        MDC.put("namespace", run.namespace());
        MDC.put("name", run.name());
        MDC.put("runId", run.id().toString());
    }

    /** The resources that are there, as far as this operator knows: none, unless it leads. */
    Stream<SocraticFineTune> resources() {
        return resources.get();
    }

    @Override
    public List<EventSource<?, SocraticFineTune>> prepareEventSources(EventSourceContext<SocraticFineTune> context) {
        resources = () -> context.getPrimaryCache().list();
        Predicate<ResourceID> told = id ->
                context.getPrimaryCache().get(id).filter(Observation::told).isPresent();
        jobs = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Job.class, SocraticFineTune.class)
                        .withName("jobs")
                        .withNamespacesInheritedFromController()
                        .withLabelSelector(RunLabels.SELECTOR)
                        .withOnUpdateFilter(JobFacts::differ)
                        .build(),
                context);
        InformerEventSource<Pod, SocraticFineTune> pods = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Pod.class, SocraticFineTune.class)
                        .withName("pods")
                        .withNamespacesInheritedFromController()
                        .withLabelSelector(RunLabels.SELECTOR)
                        .withOnAddFilter(pod -> !PodFacts.isOnItsWay(pod)
                                || TrainerPods.resources(pod).stream().anyMatch(told))
                        .withOnUpdateFilter(PodFacts::differ)
                        .withSecondaryToPrimaryMapper(TrainerPods::resources)
                        .build(),
                context);
        ProgressSource progress = new ProgressSource(
                settings, () -> pods.isRunning() ? TrainerPods.endpoints(pods.list(pod -> true), told) : List.of());
        return List.of(jobs, pods, progress, rushEnd);
    }

    @Override
    public UpdateControl<SocraticFineTune> reconcile(SocraticFineTune resource, Context<SocraticFineTune> context) {
        Instant now = clock.instant();
        Observation observation = observer.observe(
                resource,
                context.getSecondaryResources(Job.class),
                context.getSecondaryResources(Pod.class),
                context.getSecondaryResources(PolledReport.class),
                now);
        logAs(observation.run());
        observation.newsOfStart().ifPresent(rush::step);
        Decision wanted = Decide.decide(observation, pace);
        Decision decision = applier.apply(wanted.actions(), observation.run(), this::created)
                .map(refusal -> Decide.refused(observation, refusal, pace))
                .orElse(wanted);
        reporter.report(decision, observation.run(), context, now);
        UpdateControl<SocraticFineTune> control = UpdateControl.noUpdate();
        decision.comeBack().ifPresent(control::rescheduleAfter);
        if (observation.waitsForRush()) {
            rushEnd.await(ResourceID.fromResource(resource));
        }
        return control;
    }

    private void created(Job job) {
        jobs.handleRecentResourceCreate(ResourceID.fromResource(job), job);
        rush.step(clock.instant());
    }
}
