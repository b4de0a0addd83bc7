package dev.socratic.operator;

import dev.socratic.operator.measure.FineTuneCounts;
import dev.socratic.operator.measure.RequestCounter;
import dev.socratic.operator.observe.ObservedFields;
import dev.socratic.operator.serve.OperatorEndpoints;
import dev.socratic.operator.settings.InvalidSetting;
import dev.socratic.operator.settings.OperatorSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operator as a process of its own; settings come from the environment. */
public final class OperatorMain {
    private static final String LOG_CONFIGURATION = "logback.configurationFile";
    private static final String FRAMEWORKS_LOG_FIELDS = "JAVA_OPERATOR_SDK_USE_MDC";
    private static final String CIPHERS = "jdk.tls.client.cipherSuites";

    /** ChaCha20 before AES, which Java has the processor do in code of its second compiler only; the image goes without. */
    private static final String CHACHA20_FIRST = String.join(
            ",",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");

    private static final int BAD_CONFIGURATION = 64;
    private static final int LEADER_LOST = 75;

    private OperatorMain() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        preset(LOG_CONFIGURATION, "operator-logback.xml");
        preset(CIPHERS, CHACHA20_FIRST);
        System.setProperty(FRAMEWORKS_LOG_FIELDS, "false");
        try {
            run(OperatorSettings.from(System.getenv()), LoggerFactory.getLogger(OperatorMain.class));
        } catch (InvalidSetting invalid) {
            System.err.println(invalid.getMessage());
            System.exit(BAD_CONFIGURATION);
        }
    }

    private static void preset(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private static void run(OperatorSettings settings, Logger log) throws IOException, InterruptedException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        AtomicBoolean started = new AtomicBoolean();
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.countDown();
            awaitQuietly(stopped);
        }));
        try (JvmGcMetrics gc = new JvmGcMetrics();
                KubernetesClient client = new KubernetesClientBuilder()
                        .withKubernetesSerialization(ObservedFields.serialization())
                        .withHttpClientBuilderConsumer(http ->
                                http.addOrReplaceInterceptor(RequestCounter.METRIC, new RequestCounter(registry)))
                        .build();
                SocraticOperator operator = new SocraticOperator(client, settings, registry, lost -> leaderLost(log));
                OperatorEndpoints endpoints = OperatorEndpoints.open(
                        settings.httpPort(),
                        () -> !started.get() || operator.healthy(),
                        started::get,
                        registry::scrape)) {
            gc.bindTo(registry);
            registry.getPrometheusRegistry().register(new FineTuneCounts(operator::resources));
            operator.start();
            started.set(true);
            log.info("Ready; health and metrics on port {}", endpoints.port());
            stop.await();
            log.info("Stopping; runs go on");
        } finally {
            stopped.countDown();
        }
    }

    /** At once, so that two replicas never reconcile side by side; the kubelet starts this one anew. */
    private static void leaderLost(Logger log) {
        log.error("Another replica is the leader now; ending");
        Runtime.getRuntime().halt(LEADER_LOST);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
