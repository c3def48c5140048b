using System.Diagnostics;
using System.Text;

namespace Boottify.IntegrationTests;

/// <summary>A program that a test has started, with what it said of its faults; killed at the end.</summary>
internal sealed class OwnProcess : IAsyncDisposable
{
    private readonly StringBuilder said = new();
    private readonly Process process;

    public OwnProcess(ProcessStartInfo start)
    {
        (start.UseShellExecute, start.RedirectStandardOutput, start.RedirectStandardError) = (false, true, true);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (said)
                said.AppendLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    public string Said
    {
        get
        {
            lock (said)
                return said.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
