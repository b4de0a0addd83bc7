package dev.socratic.operator.serve;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;

/** Asks an operator over the network whether it is ready, for {@code helm test}: the image has no other HTTP client. */
public final class ReadinessCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private ReadinessCheck() {}

    /** @param args the URL of {@code /readyz}; exit code 0: it answered with 200, 1: with another, or not at all */
    public static void main(String[] args) {
        String url = args[0];
        try {
            HttpURLConnection request =
                    (HttpURLConnection) URI.create(url).toURL().openConnection();
            request.setConnectTimeout((int) PATIENCE.toMillis());
            request.setReadTimeout((int) PATIENCE.toMillis());
            int code = request.getResponseCode();
            System.out.println(url + " answered " + code);
            System.exit(code == HttpURLConnection.HTTP_OK ? 0 : 1);
        } catch (IOException e) {
            System.out.println(url + " did not answer: " + e);
            System.exit(1);
        }
    }
}
