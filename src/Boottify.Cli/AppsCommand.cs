using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Boottify.Cli;

/// <summary><c>boottify apps</c>: what there is, where it answers, and how its last deployment ended.</summary>
internal static class AppsCommand
{
    public static Command Create()
    {
        var command = new Command("apps", "List the apps.");
        command.SetAction(async (_, cancellation) =>
        {
            using var api = new Api();
            var table = new Table().AddColumns("App", "Name", "Last deployment", "Address");
            string? cursor = null;
            do
            {
                var page = await api.SendAsync(HttpMethod.Get, $"api/apps?limit=200&cursor={Uri.EscapeDataString(cursor ?? "")}", null, cancellation);
                foreach (var app in page.GetProperty("items").EnumerateArray())
                    table.AddRow(Text(app, "id"), Text(app, "name"), Last(app), Text(app, "url"));
                cursor = page.GetProperty("next").GetString();
            }
            while (cursor is not null);

            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }

    private static string Text(JsonElement element, string name) => Markup.Escape(element.GetProperty(name).GetString() ?? "");

    private static string Last(JsonElement app) =>
        app.GetProperty("lastDeployment") is { ValueKind: JsonValueKind.Object } last ? Text(last, "status") : "none yet";
}
