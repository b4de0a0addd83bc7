package dev.socratic.operator;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the requests to the API server as {@code rest_client_requests_total}, the name that client-go gave them, with
 * their method, status code and, beyond client-go, resource such as {@code jobs} or {@code socraticfinetunes/status}.
 */
final class RequestCounter implements Interceptor {
    static final String METRIC = "rest_client_requests";
    private static final Pattern RESOURCE =
            Pattern.compile("/apis?(?:/[^/]+)?/v[^/]+(?:/namespaces/[^/]+)?/([^/]+)(?:/[^/]+(?:/([^/]+))?)?/?");

    private final MeterRegistry registry;

    RequestCounter(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
        registry.counter(
                        METRIC,
                        "method",
                        request.method(),
                        "code",
                        String.valueOf(response.code()),
                        "resource",
                        resource(request.uri().getPath()))
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
