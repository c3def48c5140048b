using CliWrap;
using CliWrap.Buffered;

namespace Boottify.IntegrationTests.Engine;

/// <summary>A node starts with code that was generated before: it compiles nothing, so what is generated has to fit the handlers.</summary>
public sealed class GeneratedHandlersTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Boottify.dll");
    private static readonly string Written = Path.Combine(AppContext.BaseDirectory, "Internal", "Generated", "WolverineHandlers");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_code_that_is_kept_is_what_would_be_generated_now()
    {
        try
        {
            await Cli.Wrap("dotnet").WithArguments([Program, "codegen", "write"]).ExecuteBufferedAsync(Token);
            var now = Read(Written);
            now.Should().NotBeEmpty();
            Read(Path.Combine(RepositoryRoot.Path, "src", "Boottify", "Generated")).Should().BeEquivalentTo(now, "a handler, or what it asks for, has changed: run ops/generate, and commit what it writes");
        }
        finally
        {
            if (Directory.Exists(Written))
                Directory.Delete(Written, recursive: true);
        }
    }

    private static Dictionary<string, string> Read(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs").ToDictionary(file => Path.GetFileName(file), File.ReadAllText, StringComparer.Ordinal);
}
