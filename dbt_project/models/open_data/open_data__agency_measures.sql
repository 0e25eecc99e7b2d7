{{ config(
    alias='agency_measures',
    indexes=[{'columns': ['measure', 'period_end']}]
) }}

{{ agency_measures_of('public') }}
