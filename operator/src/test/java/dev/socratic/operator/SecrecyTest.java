package dev.socratic.operator;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the operator logs and writes, as its image does, through a run that uses Secrets and fails. */
class SecrecyTest {
    private static final String TOKEN = "hf_do_not_tell_anybody";

    @Test
    void noSecretsValueIsLoggedOrWritten() throws Exception {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        OutputStreamAppender<ILoggingEvent> appender = imagesAppender(log);
        Logger logger = (Logger) LoggerFactory.getLogger("dev.socratic");
        logger.addAppender(appender);
        try (ClusterUnderTest cluster = ClusterUnderTest.start(ClusterUnderTest.Kind.CRUD_MOCK)) {
            KubernetesClient client = cluster.client();
            client.resource(new SecretBuilder()
                            .withNewMetadata()
                            .withName("huggingface")
                            .withNamespace("default")
                            .endMetadata()
                            .withStringData(Map.of("HUGGINGFACE_TOKEN", TOKEN))
                            .build())
                    .create();
            SocraticFineTune withSecrets = Serialization.unmarshal(
                    Serialization.asYaml(Resources.onTheCpu())
                            .replace("  model:", "  model:\n    secretRef: {name: huggingface}")
                            .replace("  output:", "  output:\n    secretRef: {name: huggingface}"),
                    SocraticFineTune.class);
            Resource<SocraticFineTune> resource = client.resource(withSecrets);
            try (SocraticOperator operator = new SocraticOperator(
                    client, OperatorSettings.with(Map.of(Setting.PENDING_CHECK_INTERVAL, "100ms")))) {
                operator.start();
                resource.create();
                resource.waitUntilCondition(
                        there -> there.getStatus() != null && there.getStatus().jobName() != null,
                        20,
                        TimeUnit.SECONDS);
                JobController jobController = new JobController(client);
                Job job = client.resources(Job.class)
                        .inNamespace("default")
                        .withName(resource.get().getStatus().jobName())
                        .get();
                Pod pod = jobController.createPod(job, "trainer-1");
                jobController.run(pod);
                resource.waitUntilCondition(there -> there.getStatus().phase() == Phase.RUNNING, 20, TimeUnit.SECONDS);
                jobController.terminate(pod, 66, "{\"phase\":\"Failed\",\"reason\":\"AccessDenied\"}");
                resource.waitUntilCondition(there -> there.getStatus().phase() == Phase.FAILED, 20, TimeUnit.SECONDS);
            }
            for (Class<? extends HasMetadata> kind :
                    List.of(SocraticFineTune.class, Job.class, Pod.class, Event.class)) {
                String written = Serialization.asYaml(
                        client.resources(kind).inNamespace("default").list().getItems());
                assertThat(written).contains("socratic-ja").doesNotContain(TOKEN);
            }
        } finally {
            logger.detachAppender(appender);
        }
        String lines = log.toString(StandardCharsets.UTF_8);
        assertThat(lines).doesNotContain(TOKEN);
        JsonNode fields = Serialization.jsonMapper()
                .readTree(lines.lines()
                        .filter(line -> line.contains("Started"))
                        .findFirst()
                        .orElseThrow())
                .path("mdc");
        assertThat(fields.path("namespace").asText()).isEqualTo("default");
        assertThat(fields.path("name").asText()).isEqualTo("socratic-ja");
        assertThat(fields.path("runId").asText()).hasSize(8);
    }

    /** The encoder of operator-logback.xml, writing to {@code out}. */
    private static OutputStreamAppender<ILoggingEvent> imagesAppender(ByteArrayOutputStream out) throws Exception {
        LoggerContext context = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(SecrecyTest.class.getResource("/operator-logback.xml"));
        var console =
                (OutputStreamAppender<ILoggingEvent>) context.getLogger("ROOT").getAppender("json");
        assertThat(console.getEncoder()).isInstanceOf(JsonEncoder.class);
        console.setOutputStream(out);
        return console;
    }
}
