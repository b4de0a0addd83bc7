package dev.socratic.operator.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestCounterTest {
    @ParameterizedTest
    @CsvSource({
        "/apis/batch/v1/namespaces/tutors/jobs, jobs",
        "/apis/batch/v1/namespaces/tutors/jobs/socratic-ja, jobs",
        "/apis/socratic.dev/v1alpha1/namespaces/tutors/socraticfinetunes/socratic-ja/status, socraticfinetunes/status",
        "/apis/socratic.dev/v1alpha1/socraticfinetunes, socraticfinetunes",
        "/api/v1/namespaces/tutors/persistentvolumeclaims/adapters, persistentvolumeclaims",
        "/api/v1/pods, pods",
        "/version, other",
    })
    void aRequestIsCountedForItsResource(String path, String resource) {
        assertThat(RequestCounter.resource(path)).isEqualTo(resource);
    }
}
