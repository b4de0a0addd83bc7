package dev.socratic.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.operator.progress.ProgressEndpoint;
import dev.socratic.operator.run.RunLabels;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TrainerPodsTest {
    @Test
    void onlyRunningTrainersOfResourcesThatSaySoAreAsked() {
        Stream<Pod> pods = Stream.of(running("told"), running("untold"), started("told"));
        assertThat(TrainerPods.endpoints(pods, resource -> resource.getName().equals("told")))
                .extracting(ProgressEndpoint::pod)
                .containsExactly("running-told");
    }

    private static Pod started(String resource) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("started-" + resource)
                .withNamespace("default")
                .addToLabels(RunLabels.FINE_TUNE, resource)
                .endMetadata()
                .withNewStatus()
                .withPodIP("127.0.0.1")
                .endStatus()
                .build();
    }

    private static Pod running(String resource) {
        return new PodBuilder(started(resource))
                .editMetadata()
                .withName("running-" + resource)
                .endMetadata()
                .editStatus()
                .addNewContainerStatus()
                .withNewState()
                .withNewRunning("2026-01-01T00:00:00Z")
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }
}
