package dev.socratic.trainer.placement;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** A plan as text for people: a line for each device, in MiB, and one for the whole. */
public final class PlanTable {
    private static final List<String> HEADER = List.of(
            "DEVICE",
            "HOLDS",
            "WEIGHTS",
            "DEQUANTIZED",
            "ADAPTER",
            "ACTIVATIONS",
            "WORKSPACE",
            "CONTEXT",
            "PLANNED",
            "CAP");

    private PlanTable() {}

    public static String of(RunPlan plan) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEADER);
        plan.devices()
                .forEach(device -> rows.add(List.of(
                        device.id(),
                        device.layers(),
                        mebibytes(device.weights()),
                        mebibytes(device.dequantized()),
                        mebibytes(device.adapter()),
                        mebibytes(device.activations()),
                        mebibytes(device.workspace()),
                        mebibytes(device.context()),
                        mebibytes(device.plannedBytes()),
                        device.capBytes() == null ? "none" : mebibytes(device.capBytes()))));
        StringBuilder text = new StringBuilder();
        int[] widths = IntStream.range(0, HEADER.size())
                .map(column -> rows.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toArray();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                String side = column < 2 ? "-" : "";
                line.append(String.format("%" + side + widths[column] + "s   ", row.get(column)));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.append(String.format(
                        Locale.ROOT,
                        "%,d of %,d parameters are trained; %d rows at once; %s%s%n",
                        plan.parameters().trainable(),
                        plan.parameters().total(),
                        plan.microBatching().rows(),
                        activations(plan),
                        together(plan)))
                .toString();
    }

    private static String activations(RunPlan plan) {
        List<String> kept = new ArrayList<>();
        for (SavedActivations each : SavedActivations.values()) {
            long blocks = plan.blocks(each);
            if (blocks > 0) {
                kept.add((blocks == plan.saved().size() ? "every block" : blocks + " blocks") + " " + words(each));
            }
        }
        return "activations: " + String.join(", ", kept);
    }

    private static String words(SavedActivations kept) {
        return switch (kept) {
            case INPUTS -> "computed again";
            case BRANCHES -> "computed again up to what they add";
            case PRODUCTS -> "kept but for norms and gates";
            case ALL -> "kept";
        };
    }

    private static String together(RunPlan plan) {
        if (!plan.replicas().isEmpty()) {
            return "; " + (1 + plan.replicas().size()) + " replicas share a step";
        }
        int most = plan.pipeline().inFlight();
        return most == 1 ? "" : "; up to " + most + " micro-batches on their way at once";
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,d Mi", (bytes + (1 << 20) - 1) >> 20);
    }
}
