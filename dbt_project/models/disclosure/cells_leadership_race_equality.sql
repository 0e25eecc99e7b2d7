-- Areas alone: no figure of a single unit is shown. Each count is of the units that gave both items of the measure.
with counts as (
    select
        unit_code,
        as_at_year,
        ethnic_group,
        headcount,
        shortlisted,
        appointed,
        entered_disciplinary,
        leavers,
        funded_development
    from {{ ref('int_leadership__returned_counts') }}
    where ethnic_group in ('white', 'global_majority')
),

measures as (
    select measure, numerator, denominator from {{ ref('race_equality_measures') }}
),

kinds (count_kind) as (
    values ('happened'), ('base')
),

items as (
    select
        counts.unit_code,
        counts.as_at_year,
        counts.ethnic_group,
        measures.measure,
        kinds.count_kind,
        case kinds.count_kind
            when 'happened' then to_jsonb(counts) ->> measures.numerator
            else to_jsonb(counts) ->> measures.denominator
        end::numeric as people
    from counts
    cross join measures
    cross join kinds
),

-- A unit is in a measure with all its rows or not at all.
units_giving as (
    select
        unit_code,
        as_at_year,
        measure
    from items
    group by unit_code, as_at_year, measure
    having count(*) = count(people)
),

given as (
    select
        counted_in.area_code,
        items.as_at_year,
        items.measure,
        items.count_kind,
        items.ethnic_group,
        sum(items.people) as people
    from items
    inner join units_giving
        on
            items.unit_code = units_giving.unit_code
            and items.as_at_year = units_giving.as_at_year
            and items.measure = units_giving.measure
    inner join {{ ref('int_leadership__returning_units') }} as counted_in
        on items.unit_code = counted_in.unit_code and items.as_at_year = counted_in.as_at_year
    group by counted_in.area_code, items.as_at_year, items.measure, items.count_kind, items.ethnic_group
),

areas as (
    select
        counted_in.area_code,
        counted_in.as_at_year,
        measures.measure,
        count(units_giving.unit_code) as units_counted,
        count(*) as units_expected,
        bool_or(counted_in.is_synthetic) as is_synthetic
    from {{ ref('int_leadership__returning_units') }} as counted_in
    cross join measures
    left join units_giving
        on
            counted_in.unit_code = units_giving.unit_code
            and counted_in.as_at_year = units_giving.as_at_year
            and measures.measure = units_giving.measure
    where counted_in.area_code <> counted_in.unit_code
    group by counted_in.area_code, counted_in.as_at_year, measures.measure
),

placed as (
    select
        areas.area_code as unit_code,
        areas.as_at_year,
        areas.measure,
        kinds.count_kind,
        groups.ethnic_group,
        concat_ws(' ', areas.as_at_year, areas.measure) as table_key,
        case when areas.units_counted > 0 then coalesce(given.people, 0) end as count_in_cell,
        areas.units_counted::integer as units_counted,
        areas.units_expected::integer as units_expected,
        areas.is_synthetic
    from areas
    cross join kinds
    cross join (values ('white'), ('global_majority')) as groups (ethnic_group)
    left join given
        on
            areas.area_code = given.area_code
            and areas.as_at_year = given.as_at_year
            and areas.measure = given.measure
            and kinds.count_kind = given.count_kind
            and groups.ethnic_group = given.ethnic_group
),

final as (
    select
        unit_code,
        as_at_year,
        measure,
        count_kind,
        ethnic_group,
        table_key,
        {{ cell_key(['table_key', 'unit_code', 'count_kind', 'ethnic_group']) }} as cell_key,
        count_in_cell,
        case when count_in_cell is null then 'x' end as count_status,
        units_counted,
        units_expected,
        is_synthetic
    from placed
)

select * from final
