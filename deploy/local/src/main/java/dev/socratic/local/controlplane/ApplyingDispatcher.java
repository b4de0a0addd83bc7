package dev.socratic.local.controlplane;

import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The mock server with server-side apply: creates what is not there, merges into what is. Field ownership is not kept,
 * so a field that a manager stops sending stays.
 */
final class ApplyingDispatcher extends KubernetesCrudDispatcher {
    private static final String APPLY = "application/apply-patch+yaml";
    private static final String MERGE = "application/merge-patch+json";

    @Override
    public MockResponse handlePatch(RecordedRequest request) {
        String type = request.getHeader("Content-Type");
        if (type == null || !type.startsWith(APPLY)) {
            return super.handlePatch(request);
        }
        String path = request.getPath().replaceFirst("\\?.*", "");
        String json = Serialization.asJson(Serialization.unmarshal(request.getUtf8Body(), Map.class));
        MockResponse merged = super.handlePatch(rewritten(HttpMethod.PATCH, path, json));
        if (merged.code() != 404 || path.endsWith("/status")) {
            return merged;
        }
        String collection = path.substring(0, path.lastIndexOf('/'));
        return handleCreate(rewritten(HttpMethod.POST, collection, json));
    }

    private static RecordedRequest rewritten(HttpMethod method, String path, String json) {
        var headers = Headers.builder()
                .set("Content-Type", method == HttpMethod.PATCH ? MERGE : "application/json")
                .build();
        return new RecordedRequest(
                "HTTP/1.1", method, path, headers, new Buffer(json.getBytes(StandardCharsets.UTF_8)));
    }
}
