package dev.socratic.cluster.life;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A trainer as its pod's address shows it, whether or not the API server answers. */
record RunningTrainer(URI progress, HttpClient http) {
    static RunningTrainer of(Pod pod) {
        return new RunningTrainer(
                URI.create("http://" + pod.getStatus().getPodIP() + ":9464/progress"), HttpClient.newHttpClient());
    }

    int step() {
        try {
            HttpRequest request = HttpRequest.newBuilder(progress).build();
            String answer =
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            return Serialization.unmarshal(answer, JsonNode.class).path("step").asInt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits until it has done this many steps more. */
    void awaitSteps(int more) {
        int until = step() + more;
        while (step() < until) {
            Thread.onSpinWait();
        }
    }
}
