package dev.socratic.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Parts of a cluster do not know each other; only the command knows all, and the trainer is a program to it. */
@AnalyzeClasses(packages = "dev.socratic.local", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule PARTS_ARE_APART = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("command")
            .definedBy("dev.socratic.local")
            .layer("agent")
            .definedBy("dev.socratic.local.agent")
            .layer("control plane")
            .definedBy("dev.socratic.local.controlplane")
            .layer("jobs")
            .definedBy("dev.socratic.local.jobs")
            .layer("node")
            .definedBy("dev.socratic.local.node")
            .layer("view")
            .definedBy("dev.socratic.local.view")
            .whereLayer("command")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("agent")
            .mayOnlyBeAccessedByLayers("command")
            .whereLayer("control plane")
            .mayOnlyBeAccessedByLayers("command")
            .whereLayer("view")
            .mayOnlyBeAccessedByLayers("command")
            .whereLayer("jobs")
            .mayOnlyBeAccessedByLayers("agent")
            .whereLayer("node")
            .mayOnlyBeAccessedByLayers("command", "agent");

    @ArchTest
    static final ArchRule TRAINER_IS_A_PROGRAM =
            noClasses().should().dependOnClassesThat().resideInAPackage("dev.socratic.trainer..");

    @ArchTest
    static final ArchRule NODE_KNOWS_NO_FINE_TUNES = noClasses()
            .that()
            .resideInAnyPackage("..node", "..jobs", "..agent", "..view", "..controlplane")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.socratic.api..", "dev.socratic.operator..");
}
