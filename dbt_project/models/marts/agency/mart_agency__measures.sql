{{ config(indexes=[{'columns': ['measure', 'period_end']}]) }}

{{ agency_measures_of('members') }}
