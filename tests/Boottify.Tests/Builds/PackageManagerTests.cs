using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class PackageManagerTests
{
    [Theory]
    [InlineData("package-lock.json={}", null, "npm", "npm ci", null)]
    [InlineData("npm-shrinkwrap.json={}", null, "npm", "npm ci", null)]
    [InlineData("x=1", null, "npm", "npm install", null)]
    [InlineData("pnpm-lock.yaml=lockfileVersion: '9.0'", null, "pnpm", "--frozen-lockfile", "pnpm@10.34.9")]
    [InlineData("pnpm-lock.yaml=lockfileVersion: '6.0'", null, "pnpm", "--frozen-lockfile", "pnpm@8.15.9")]
    [InlineData("pnpm-lock.yaml=lockfileVersion: 5.4", null, "pnpm", "--frozen-lockfile", "pnpm@8.15.9")]
    [InlineData("pnpm-lock.yaml=lockfileVersion: '9.0'", "pnpm@9.1.0+sha512.abc", "pnpm", "--frozen-lockfile", "pnpm@9.1.0")]
    [InlineData("yarn.lock=# yarn lockfile v1", null, "yarn", "--frozen-lockfile", "yarn@1.22.22")]
    [InlineData("yarn.lock=__metadata:\n  version: 8", null, "yarn", "--immutable", "@yarnpkg/cli-dist@4.18.1")]
    [InlineData("yarn.lock=__metadata:", "yarn@3.8.7", "yarn", "--immutable", "@yarnpkg/cli-dist@3.8.7")]
    [InlineData("package-lock.json={}", "npm@11.0.0", "npm", "npm ci", "npm@11.0.0")]
    [InlineData("x=1", "pnpm@9.1.0", "pnpm", "--no-frozen-lockfile", "pnpm@9.1.0")]
    public void The_lock_file_and_the_manifest_decide(string files, string? wish, string name, string install, string? tool)
    {
        using var folder = SourcePlanTests.Folder(files);
        var manager = Of(folder, wish);
        manager.Name.Should().Be(name);
        manager.Install.Should().Contain(install);
        if (tool is null)
            manager.Tool.Should().BeNull();
        else
            manager.Tool.Should().Contain($" {tool} ");
    }

    [Theory]
    [InlineData("x=1", null, "There is no lock file*")]
    [InlineData("yarn.lock=x", "pnpm@9.1.0", "*asks for pnpm, but the lock file is yarn's*")]
    [InlineData("yarn.lock=x", "bun@1.0.0", "*'bun@1.0.0', which is not one that Boottify knows*")]
    public void What_the_user_should_know_is_a_warning(string files, string? wish, string warning)
    {
        using var folder = SourcePlanTests.Folder(files);
        Of(folder, wish).Warnings.Should().ContainSingle().Which.Should().Match(warning);
    }

    [Theory]
    [InlineData("npm@1.0.0; curl evil")]
    [InlineData("pnpm@$(id)")]
    [InlineData("yarn@1.0.0\nRUN id")]
    [InlineData("npm@latest")]
    public void Nothing_but_a_version_reaches_a_command(string wish)
    {
        using var folder = SourcePlanTests.Folder("package-lock.json={}");
        Of(folder, wish).Tool.Should().BeNull();
    }

    private static PackageManager Of(TemporaryFolder folder, string? wish)
    {
        var manifest = PackageManifest.Parse(wish is null ? "{}" : $$"""{"packageManager":{{System.Text.Json.JsonSerializer.Serialize(wish)}}}""");
        return PackageManager.Of(SourceFolder.Open(folder.Path, ""), manifest);
    }
}
