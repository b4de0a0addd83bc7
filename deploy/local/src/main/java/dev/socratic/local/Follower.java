package dev.socratic.local;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.local.view.WatchView;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.concurrent.CompletableFuture;

/** Shows a resource as it changes, until its run has come to an end. */
final class Follower implements ResourceEventHandler<SocraticFineTune> {
    private final WatchView view;
    private final CompletableFuture<RunEnd> end = new CompletableFuture<>();

    private Follower(WatchView view) {
        this.view = view;
    }

    /** Returns when the run has ended or cannot go on. */
    static RunEnd follow(KubernetesClient client, FineTuneFile file, WatchView view) {
        var follower = new Follower(view);
        try (var informer = client.resources(SocraticFineTune.class)
                .inNamespace(file.namespace())
                .withName(file.name())
                .inform(follower)) {
            return follower.end.join();
        }
    }

    @Override
    public void onAdd(SocraticFineTune resource) {
        look(resource);
    }

    @Override
    public void onUpdate(SocraticFineTune before, SocraticFineTune resource) {
        look(resource);
    }

    @Override
    public void onDelete(SocraticFineTune resource, boolean finalStateUnknown) {
        end.complete(new RunEnd(RunEnd.Kind.FAILED, "Deleted", "the resource was deleted"));
    }

    private void look(SocraticFineTune resource) {
        view.show(resource);
        RunEnd.of(resource).ifPresent(end::complete);
    }
}
