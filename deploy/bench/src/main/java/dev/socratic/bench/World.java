package dev.socratic.bench;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The benchmark's namespace, and what is put into it. */
final class World implements AutoCloseable {
    static final String NAMESPACE = "socratic-bench";
    private static final Map<String, String> END = Map.of("bench.socratic.dev/end", "true");
    private static final Map<String, String> FLOOR = Map.of("bench.socratic.dev/floor", "true");
    private static final int WRITERS = 8;

    private final KubernetesClient client;
    private final ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
    private final GenericKubernetesResource fineTune;

    World(KubernetesClient client) {
        this.client = client;
        this.fineTune = Serialization.unmarshal(
                World.class.getResourceAsStream("finetune.yaml"), GenericKubernetesResource.class);
        client.load(things()).create();
    }

    @Override
    public void close() {
        writers.shutdownNow();
        client.load(things()).delete();
        client.namespaces().withName(NAMESPACE).waitUntilCondition(gone -> gone == null, 5, TimeUnit.MINUTES);
    }

    /** The pod template that the operator makes of a resource, but for the labels by which the operator finds its own. */
    PodTemplateSpec podTemplate() throws InterruptedException {
        client.resource(numbered(0)).create();
        Job job = client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withLabel("socratic.dev/finetune")
                .informOnCondition(jobs -> !jobs.isEmpty())
                .handle((jobs, failure) -> jobs.get(0))
                .join();
        removeAll();
        PodTemplateSpec template = job.getSpec().getTemplate();
        template.getMetadata().setLabels(FLOOR);
        return template;
    }

    void createResources(int count) throws InterruptedException {
        create(count, this::numbered);
    }

    void createJobs(int count, PodTemplateSpec template) throws InterruptedException {
        create(
                count,
                number -> new JobBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName("floor-" + number)
                        .endMetadata()
                        .withNewSpec()
                        .withBackoffLimit(3)
                        .withTemplate(template)
                        .endSpec()
                        .build());
    }

    /** Lets every pod succeed. */
    void endAll() throws InterruptedException {
        List<Pod> pods = client.pods().inNamespace(NAMESPACE).list().getItems();
        String patch = Serialization.asJson(Map.of("metadata", Map.of("labels", END)));
        all(pods.stream()
                .map(pod -> (Runnable) () -> client.pods()
                        .inNamespace(NAMESPACE)
                        .withName(pod.getMetadata().getName())
                        .patch(PatchContext.of(PatchType.JSON_MERGE), patch))
                .toList());
    }

    /** Removes resources, Jobs and pods; returns when they are gone. */
    void removeAll() throws InterruptedException {
        client.resources(SocraticFineTune.class).inNamespace(NAMESPACE).delete();
        client.batch().v1().jobs().inNamespace(NAMESPACE).delete();
        client.pods().inNamespace(NAMESPACE).withGracePeriod(0).delete();
        client.pods().inNamespace(NAMESPACE).informOnCondition(List::isEmpty).join();
        client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .informOnCondition(List::isEmpty)
                .join();
    }

    private void create(int count, IntFunction<HasMetadata> object) throws InterruptedException {
        all(IntStream.range(0, count)
                .mapToObj(object)
                .map(made -> (Runnable) () -> client.resource(made).create())
                .toList());
    }

    private void all(List<Runnable> writes) throws InterruptedException {
        List<Future<?>> pending = new ArrayList<>();
        writes.forEach(write -> pending.add(writers.submit(write)));
        for (Future<?> write : pending) {
            try {
                write.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("A request of the benchmark failed", e.getCause());
            }
        }
    }

    /** What the file says and no more, as kubectl sends it: what it leaves out is the API server's to fill in. */
    private GenericKubernetesResource numbered(int number) {
        return new GenericKubernetesResourceBuilder(fineTune)
                .editMetadata()
                .withName("bench-" + number)
                .endMetadata()
                .build();
    }

    private static InputStream things() {
        return World.class.getResourceAsStream("world.yaml");
    }
}
