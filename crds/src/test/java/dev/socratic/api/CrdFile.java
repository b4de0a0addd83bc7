package dev.socratic.api;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.MemoryQuantity;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Generates the CRD from the API types. */
final class CrdFile {
    static final Path COMMITTED = Path.of("socraticfinetunes.socratic.dev-v1.yml");
    private static final int MOST_MODULES = 4096;
    private static final Map<String, String> CONDITION_FIELDS = Map.of(
            "type", "Ready, Reconciling or Stalled.",
            "status", "True or False.",
            "reason", "Why, in one word; docs/operator.md lists them.",
            "message", "Why, in a sentence, and what to do.",
            "observedGeneration", "metadata.generation that the condition is about.",
            "lastTransitionTime", "Time at which status last changed, in RFC 3339.");

    private CrdFile() {}

    /** The text that the committed file must have. */
    static String generate(Path folder) throws IOException {
        new CRDGenerator()
                .inOutputDir(folder.toFile())
                .customResourceClasses(SocraticFineTune.class)
                .forCRDVersions("v1")
                .withMinQuotes(true)
                .withPostProcessor(new CRDPostProcessor() {
                    @Override
                    public HasMetadata process(HasMetadata crd, String version) {
                        return complete((CustomResourceDefinition) crd);
                    }
                })
                .generate();
        return "# Generated from the types in crds/src/main/java: mvn -pl crds test -Dtest=CrdTest -Dcrd.write\n"
                + Files.readString(folder.resolve(COMMITTED)).replaceFirst("^(---\n)?#[^\n]*\n", "");
    }

    /** What the generator's annotations cannot say. */
    private static CustomResourceDefinition complete(CustomResourceDefinition crd) {
        var version = crd.getSpec().getVersions().get(0);
        // the generator sorts columns by path; people read them in the order of the annotations
        List<String> order = Arrays.stream(SocraticFineTune.class.getAnnotationsByType(AdditionalPrinterColumn.class))
                .map(AdditionalPrinterColumn::name)
                .toList();
        version.getAdditionalPrinterColumns().sort(Comparator.comparing(column -> order.indexOf(column.getName())));

        JSONSchemaProps root = version.getSchema().getOpenAPIV3Schema();
        root.setDescription("A fine-tuning run of a language model.");
        root.setRequired(List.of("spec"));
        Map<String, JSONSchemaProps> top = root.getProperties();
        top.get("spec").setDescription("The fine-tuning that is asked for.");
        top.get("status").setDescription("What is known about the run.");
        // read by kstatus, which takes a resource without any status for one that is done
        top.get("status")
                .setDefault(Serialization.jsonMapper()
                        .createObjectNode()
                        .put("observedGeneration", SocraticFineTuneStatus.NOT_OBSERVED)
                        .put("phase", "Pending"));
        // {} lets the API server fill in the defaults of the section's own fields
        top.get("spec").getProperties().values().stream()
                .filter(section -> "object".equals(section.getType()) && section.getDefault() != null)
                .forEach(
                        section -> section.setDefault(Serialization.jsonMapper().createObjectNode()));
        withoutRepeatedRules(root);
        JSONSchemaProps placement = top.get("spec").getProperties().get("placement");
        placement
                .getProperties()
                .get("maxMemory")
                .getAdditionalProperties()
                .getSchema()
                .setXKubernetesValidations(List.of(new ValidationRuleBuilder()
                        .withRule(MemoryQuantity.VALUE_RULE)
                        .withMessageExpression(MemoryQuantity.VALUE_MESSAGE)
                        .build()));
        // a string or a map: a structural schema has no type for that
        JSONSchemaProps deviceMap = placement.getProperties().get("deviceMap");
        deviceMap.setType(null);
        deviceMap.setXKubernetesPreserveUnknownFields(true);
        deviceMap.setPattern("^(balanced|auto|sequential)$");
        deviceMap.setMinProperties(1L);
        deviceMap.setMaxProperties((long) MOST_MODULES);
        deviceMap.setMaxItems(0L);
        describeAsInPods(placement.getProperties().get("affinity"), "pod.spec.affinity");
        describeAsInPods(placement.getProperties().get("tolerations"), "pod.spec.tolerations");
        CONDITION_FIELDS.forEach((field, meaning) -> top.get("status")
                .getProperties()
                .get("conditions")
                .getItems()
                .getSchema()
                .getProperties()
                .get(field)
                .setDescription(meaning));
        return crd;
    }

    /** Fields of Kubernetes' own types: {@code kubectl explain} says more of them at {@code origin}. */
    private static void describeAsInPods(JSONSchemaProps schema, String origin) {
        if (schema.getDescription() == null) {
            schema.setDescription("As in " + origin + ".");
        }
        JSONSchemaProps fields =
                schema.getItems() == null ? schema : schema.getItems().getSchema();
        fields.getProperties().values().forEach(field -> describeAsInPods(field, origin));
    }

    /** A record's annotations are found twice, on the field and on its accessor. */
    private static void withoutRepeatedRules(JSONSchemaProps schema) {
        schema.setXKubernetesValidations(
                schema.getXKubernetesValidations().stream().distinct().toList());
        schema.getProperties().values().forEach(CrdFile::withoutRepeatedRules);
    }
}
