using Boottify.Access;

namespace Boottify;

/// <summary>Errors as RFC 9457 problem documents, each with a <c>detail</c> that says what to do.</summary>
public static class Problems
{
    public static IResult Invalid(string detail) =>
        Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest, title: "The request is not valid");

    public static IResult Unauthorized(string? detail = null) =>
        Results.Problem(
            detail ?? "Send a valid token: 'Authorization: Bearer bt_…'. An owner of the team can make one with POST /api/teams/{team}/tokens.",
            statusCode: StatusCodes.Status401Unauthorized, title: "Not signed in");

    public static IResult Forbidden(Role needed) =>
        Results.Problem(
            $"This needs the role {needed.ToString().ToLowerInvariant()}. Ask an owner of the team for a token with that role.",
            statusCode: StatusCodes.Status403Forbidden, title: "Not allowed");

    public static IResult NotFound(string? detail = null) =>
        Results.Problem(
            detail ?? "There is no such thing, or it belongs to a team that this token is not of. Check the id in the address.",
            statusCode: StatusCodes.Status404NotFound, title: "Not found");

    public static IResult Conflict(string detail) =>
        Results.Problem(detail, statusCode: StatusCodes.Status409Conflict, title: "Not possible now");

    public static IResult Unprocessable(string detail) =>
        Results.Problem(detail, statusCode: StatusCodes.Status422UnprocessableEntity, title: "The request cannot be carried out");
}
