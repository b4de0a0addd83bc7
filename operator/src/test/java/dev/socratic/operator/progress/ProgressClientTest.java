package dev.socratic.operator.progress;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressClientTest {
    @ParameterizedTest(name = "{0}: {3}")
    @CsvSource({
        "an answer, 10, ENDS, a report",
        "one that is begun and never ended, 10, NEVER_ENDS, none",
        "one that is too long for a status, 70000, ENDS, none",
    })
    void isNotHeldUp(String fact, int spaces, String end, String report) throws Exception {
        HttpServer trainer = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        trainer.createContext("/progress", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            OutputStream body = exchange.getResponseBody();
            body.write((" ".repeat(spaces) + "{\"phase\":\"Training\"}").getBytes(StandardCharsets.UTF_8));
            body.flush();
            if (end.equals("ENDS")) {
                exchange.close();
            }
        });
        trainer.start();
        try {
            ProgressClient client = new ProgressClient(trainer.getAddress().getPort(), Duration.ofSeconds(2));
            var answer = client.ask(new ProgressEndpoint(new ResourceID("a", "b"), "pod", "127.0.0.1"));
            assertThat(answer.get(1, TimeUnit.MINUTES).isPresent()).isEqualTo(report.equals("a report"));
        } finally {
            trainer.stop(0);
        }
    }
}
