package dev.socratic.local.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Pod IPs out of 127.0.0.0/8, each with the progress port free. Where the system has no such addresses (macOS has
 * 127.0.0.1 only), every pod gets 127.0.0.1.
 */
final class PodAddresses {
    private static final String FALLBACK = "127.0.0.1";
    private static final int ATTEMPTS = 64;

    private final Set<String> taken = new HashSet<>();
    private final RandomGenerator random;

    PodAddresses(RandomGenerator random) {
        this.random = random;
    }

    String next(int port) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String address =
                    "127." + random.nextInt(1, 255) + "." + random.nextInt(0, 256) + "." + random.nextInt(2, 255);
            if (!taken.contains(address) && free(address, port)) {
                taken.add(address);
                return address;
            }
        }
        return FALLBACK;
    }

    void release(String address) {
        taken.remove(address);
    }

    private static boolean free(String address, int port) {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(address), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
