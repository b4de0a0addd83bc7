package dev.socratic.trainer;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Data flows one way through the trainer: a package knows those before it in this list and none after it. */
class PackageOrderTest {
    private static final String ROOT = "dev.socratic.trainer";
    private static final List<String> ORDER = List.of(
            "failure",
            "storage",
            "checkpoint",
            "tokenizer",
            "data",
            "quant",
            "placement",
            "engine",
            "cuda",
            "model",
            "parallel",
            "progress",
            "train",
            "export",
            "run",
            "bench",
            "cli");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    static List<String> order() {
        return ORDER;
    }

    @ParameterizedTest
    @MethodSource("order")
    void knowsOnlyThePackagesBeforeIt(String name) {
        String[] later = ORDER.subList(ORDER.indexOf(name) + 1, ORDER.size()).stream()
                .map(after -> ROOT + "." + after + "..")
                .toArray(String[]::new);
        noClasses()
                .that(resideInAPackage(ROOT + "." + name + ".."))
                .should()
                .dependOnClassesThat(resideInAnyPackage(later))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void everyPackageHasItsPlaceInTheOrder() {
        Set<String> found = CLASSES.stream()
                .map(type -> type.getPackageName().substring(ROOT.length()).replaceFirst("^\\.", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(ORDER).containsAll(found);
    }

    @Test
    void knowsNothingOfTheOperatorOrOfLocalMode() {
        classes()
                .should()
                .onlyDependOnClassesThat(not(resideInAnyPackage("dev.socratic.operator..", "dev.socratic.local..")))
                .check(CLASSES);
    }
}
