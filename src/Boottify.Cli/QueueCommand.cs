using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Boottify.Cli;

/// <summary><c>boottify queue</c>: what runs, and what waits for what, in the order of its start.</summary>
internal static class QueueCommand
{
    public static Command Create()
    {
        var command = new Command("queue", "Show what runs and what waits.");
        command.SetAction(async (_, cancellation) =>
        {
            using var api = new Api();
            var queue = await api.SendAsync(HttpMethod.Get, "api/queue", null, cancellation);
            var table = new Table().AddColumns("Place", "Deployment", "App", "Status", "Waits for", "Of others before it");
            foreach (var item in queue.GetProperty("items").EnumerateArray())
                table.AddRow(Text(item, "place"), Text(item, "deployment"), Text(item, "appName"), Text(item, "status"), Text(item, "waitingFor"), Text(item, "othersAhead"));
            AnsiConsole.Write(table);
            AnsiConsole.MarkupLineInterpolated($"{queue.GetProperty("running").GetInt32()} running, {queue.GetProperty("waiting").GetInt32()} waiting, of all teams");
            return 0;
        });
        return command;
    }

    private static string Text(JsonElement element, string name) => Markup.Escape(element.GetProperty(name).ToString());
}
