package dev.socratic.local.view;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The columns of {@code kubectl get} for a kind: its name, then the CRD's {@code additionalPrinterColumns}. A column's
 * JSON path is dotted names only.
 */
public final class PrinterColumns {
    private static final String DATE = "date";

    private final List<CustomResourceColumnDefinition> columns;

    private PrinterColumns(List<CustomResourceColumnDefinition> columns) {
        this.columns = columns;
    }

    public static PrinterColumns of(CustomResourceDefinition definition) {
        return new PrinterColumns(definition.getSpec().getVersions().get(0).getAdditionalPrinterColumns().stream()
                .filter(column -> Objects.requireNonNullElse(column.getPriority(), 0) == 0)
                .toList());
    }

    /** The header line's cells, in capitals. */
    public List<String> header() {
        return Stream.concat(
                        Stream.of("NAME"),
                        columns.stream().map(column -> column.getName().toUpperCase()))
                .toList();
    }

    /** The cells of one object; what it does not have is empty. */
    public List<String> row(HasMetadata object, Instant now) {
        JsonNode json = Serialization.jsonMapper().valueToTree(object);
        List<String> cells = new ArrayList<>();
        cells.add(object.getMetadata().getName());
        for (var column : columns) {
            JsonNode value = json.at(column.getJsonPath().replace('.', '/'));
            cells.add(cell(column.getType(), value, now));
        }
        return cells;
    }

    /** The row without ages: two rows with the same facts show the same state. */
    public List<String> facts(HasMetadata object) {
        List<String> row = row(object, Instant.EPOCH);
        return Stream.concat(
                        Stream.of(row.get(0)),
                        java.util.stream.IntStream.range(0, columns.size())
                                .filter(i -> !DATE.equals(columns.get(i).getType()))
                                .mapToObj(i -> row.get(i + 1)))
                .toList();
    }

    private static String cell(String type, JsonNode value, Instant now) {
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        return DATE.equals(type)
                ? HumanDuration.text(Duration.between(Instant.parse(value.asText()), now))
                : value.asText();
    }
}
