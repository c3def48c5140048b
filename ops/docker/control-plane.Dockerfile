# The control plane. Built from the top of the checkout: docker build -f ops/docker/control-plane.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
# The packages have a layer of their own, so that a change of code does not fetch them again.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/Boottify/Boottify.csproj src/Boottify/packages.lock.json src/Boottify/
COPY src/Boottify.Contracts/Boottify.Contracts.csproj src/Boottify.Contracts/packages.lock.json src/Boottify.Contracts/
RUN dotnet restore --locked-mode src/Boottify/Boottify.csproj
COPY src src
RUN dotnet publish src/Boottify/Boottify.csproj --no-restore -c Release -p:UseAppHost=false -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# git fetches the commits to build; curl asks for the program's health.
RUN apt-get update && apt-get install -y --no-install-recommends git curl ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /out .
# Handlers are compiled at the first start, and kept here. The data folder's owner is that of the volume mounted there.
RUN mkdir -p /app/Internal /var/lib/boottify && chown -R $APP_UID:$APP_UID /app/Internal /var/lib/boottify && chmod 700 /var/lib/boottify
USER $APP_UID
EXPOSE 7080
ENTRYPOINT ["dotnet", "Boottify.dll"]
