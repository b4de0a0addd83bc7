package dev.socratic.operator.measure;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the requests to the API server as {@code rest_client_requests_total}, the name that client-go gave them, with
 * their method, status code and, beyond client-go, resource such as {@code jobs} or {@code socraticfinetunes/status}.
 */
public final class RequestCounter implements Interceptor {
    public static final String METRIC = "rest_client_requests";
    private static final Pattern RESOURCE =
            Pattern.compile("/apis?(?:/[^/]+)?/v[^/]+(?:/namespaces/[^/]+)?/([^/]+)(?:/[^/]+(?:/([^/]+))?)?/?");

    private final MeterRegistry registry;

    public RequestCounter(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        count(request.method(), response.code(), request.uri().getPath());
    }

    void count(String method, int code, String path) {
        Counter.builder(METRIC)
                .description("Requests to the API server.")
                .tags("method", method, "code", String.valueOf(code), "resource", resource(path))
                .register(registry)
                .increment();
    }

    /** The resource, and subresource, that a path of the Kubernetes API is about. */
    static String resource(String path) {
        Matcher matcher = RESOURCE.matcher(path);
        if (!matcher.matches()) {
            return "other";
        }
        return matcher.group(2) == null ? matcher.group(1) : matcher.group(1) + "/" + matcher.group(2);
    }
}
