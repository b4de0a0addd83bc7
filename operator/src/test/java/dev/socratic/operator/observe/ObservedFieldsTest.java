package dev.socratic.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObservedFieldsTest {
    private static final String OBJECT =
            "\"metadata\": {\"name\": \"a\", \"managedFields\": [{\"manager\": \"kubectl\"}]}, \"status\": {\"phase\": \"Running\"}";

    private final KubernetesSerialization serialization = ObservedFields.serialization();

    @ParameterizedTest
    @CsvSource({
        "v1, Pod, io.fabric8.kubernetes.api.model.Pod",
        "batch/v1, Job, io.fabric8.kubernetes.api.model.batch.v1.Job",
        "socratic.dev/v1alpha1, SocraticFineTune, dev.socratic.api.v1alpha1.SocraticFineTune",
        "v1, ConfigMap, io.fabric8.kubernetes.api.model.GenericKubernetesResource",
        "batch/v2, Job, io.fabric8.kubernetes.api.model.GenericKubernetesResource",
    })
    void theObjectOfAnEventIsOfItsClassWhereverItsKindStands(String version, String kind, Class<?> expected) {
        String type = "\"kind\": \"%s\", \"apiVersion\": \"%s\"".formatted(kind, version);
        String turned = "\"apiVersion\": \"%s\", \"kind\": \"%s\"".formatted(version, kind);
        for (String object : new String[] {type + "," + OBJECT, turned + "," + OBJECT, OBJECT + "," + type}) {
            HasMetadata read = (HasMetadata) event(object);
            assertThat(read).isExactlyInstanceOf(expected);
            assertThat(read.getKind()).isEqualTo(kind);
            assertThat(read.getApiVersion()).isEqualTo(version);
            assertThat(read.getMetadata().getName()).isEqualTo("a");
            assertThat(read.getMetadata().getManagedFields()).isEmpty();
        }
    }

    @Test
    void anEventMayBeOfAnError() {
        Object read = event("\"kind\": \"Status\", \"apiVersion\": \"v1\", \"status\": \"Failure\", \"code\": 410");
        assertThat(read)
                .isInstanceOfSatisfying(
                        Status.class, status -> assertThat(status.getCode()).isEqualTo(410));
    }

    private Object event(String object) {
        return serialization
                .unmarshal("{\"type\": \"MODIFIED\", \"object\": {" + object + "}}", WatchEvent.class)
                .getObject();
    }
}
